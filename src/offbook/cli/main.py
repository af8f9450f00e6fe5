"""The ``offbook`` program: its commands, and what an error becomes.

Commands import what they need when they are called, so that help and completion come at once.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.main import get_command

from offbook.cli import options as o
from offbook.cli import sweep_options as so
from offbook.cli.config_commands import config_app
from offbook.cli.context import shell_of, show_commands
from offbook.cli.data_commands import data_app
from offbook.cli.failures import FAILURE, INTERRUPTED, USAGE, print_error, tell
from offbook.cli.record_commands import export, fills, journal, orders, positions, strategies
from offbook.cli.shell import Shell
from offbook.cli.usage import in_plain_words
from offbook.domain.errors import OffbookError

app: Final = typer.Typer(
    name="offbook",
    help="Rehearse trading strategies in paper-trading sessions that survive a crash and replay "
    "to the same bytes. Begin with: offbook demo",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"offbook {version('offbook')}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    data_dir: o.DataDir = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Take the options that every command has."""
    ctx.ensure_object(Shell).verbose = verbose
    shell_of(ctx, json, quiet, data_dir)
    if ctx.invoked_subcommand is None:
        show_commands(ctx)


@app.command()
def demo(
    ctx: typer.Context,
    fast: o.NoPace = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Show a whole session on eleven minutes of real quotes."""
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.demo import run_demo

    raise typer.Exit(run_demo(shell, fast=fast))


@app.command()
def run(
    ctx: typer.Context,
    strategy: o.Strategy = None,
    data: o.Data = None,
    settings: o.Set = None,
    config: o.ConfigFile = None,
    name: o.Name = None,
    dry_run: o.DryRun = False,
    dashboard: o.Dashboard = None,
    speed: o.Speed = None,
    cash: o.Cash = None,
    seed: o.Seed = None,
    fee_bps: o.FeeBps = None,
    latency_ms: o.LatencyMs = None,
    preset: o.Preset = None,
    at_end: o.AtEnd = None,
    on_error: o.OnError = None,
    symbol: o.Symbol = None,
    asset_class: o.AssetClass = None,
    base: o.Base = None,
    currency: o.Currency = None,
    tick: o.Tick = None,
    lot: o.Lot = None,
    min_notional: o.MinNotional = None,
    calendar: o.Calendar = None,
    price_decimals: o.PriceDecimals = None,
    size_decimals: o.SizeDecimals = None,
    kind: o.Kind = None,
    timeframe: o.Timeframe = None,
    label: o.Label = None,
    column: o.Column = None,
    header: o.Header = None,
    timezone: o.Timezone = None,
    off_hours: o.OffHours = None,
    adjustment: o.Adjustment = None,
    actions: o.Actions = None,
    funding: o.Funding = None,
    borrow: o.Borrow = None,
    settlements: o.Settlements = None,
    multiplier: o.Multiplier = None,
    inverse: o.Inverse = None,
    expires: o.Expires = None,
    drop_bad_rows: o.DropBadRows = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Run a strategy on recordings, and report.

    What a recording holds (symbol, tick, ...) is told by options or by a file beside it, named
    like it with .toml added. While it runs: p pauses, r resumes, s stops, + and - change the
    speed; Ctrl-C stops, and a second one leaves at once.
    """
    from offbook.cli.running import run_strategy

    raise typer.Exit(run_strategy(shell_of(ctx, json, quiet, data_dir), _given(ctx)))


def _given(ctx: typer.Context) -> dict[str, Any]:
    """The options of a command that are its own."""
    return {k: v for k, v in ctx.params.items() if k not in ("json", "quiet", "data_dir")}


@app.command()
def sweep(
    ctx: typer.Context,
    strategy: o.Strategy = None,
    data: o.Data = None,
    settings: so.Grid = None,
    where: so.Where = None,
    sample: so.Sample = None,
    sample_seed: so.SampleSeed = None,
    name: so.SweepName = None,
    jobs: so.Jobs = None,
    give_up: so.GiveUp = None,
    rank: so.Rank = None,
    top: so.Top = None,
    unseen: so.Unseen = None,
    axes: so.Axes = None,
    out: so.Out = None,
    dry_run: so.GridOnly = False,
    config: o.ConfigFile = None,
    cash: o.Cash = None,
    seed: o.Seed = None,
    fee_bps: o.FeeBps = None,
    latency_ms: o.LatencyMs = None,
    preset: o.Preset = None,
    symbol: o.Symbol = None,
    asset_class: o.AssetClass = None,
    base: o.Base = None,
    currency: o.Currency = None,
    tick: o.Tick = None,
    lot: o.Lot = None,
    min_notional: o.MinNotional = None,
    calendar: o.Calendar = None,
    price_decimals: o.PriceDecimals = None,
    size_decimals: o.SizeDecimals = None,
    kind: o.Kind = None,
    timeframe: o.Timeframe = None,
    label: o.Label = None,
    column: o.Column = None,
    header: o.Header = None,
    timezone: o.Timezone = None,
    off_hours: o.OffHours = None,
    adjustment: o.Adjustment = None,
    actions: o.Actions = None,
    funding: o.Funding = None,
    borrow: o.Borrow = None,
    settlements: o.Settlements = None,
    multiplier: o.Multiplier = None,
    inverse: o.Inverse = None,
    expires: o.Expires = None,
    drop_bad_rows: o.DropBadRows = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Run a strategy with many parameters, over all cores, and rank what came out.

    Each combination is a session of its own. After Ctrl-C the same command goes on from there.
    """
    from offbook.cli.sweeping import run_sweep

    raise typer.Exit(run_sweep(shell_of(ctx, json, quiet, data_dir), _given(ctx)))


@app.command()
def sessions(
    ctx: typer.Context,
    sweep: so.OfSweep = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """List the sessions of all stores, oldest first; those of sweeps by name."""
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.looking import list_sessions

    raise typer.Exit(list_sessions(shell, sweep))


@app.command()
def show(
    ctx: typer.Context,
    session: o.Session,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Show one session, its orders and every fill with its evidence."""
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.looking import show_session

    raise typer.Exit(show_session(shell, session))


@app.command()
def report(
    ctx: typer.Context,
    session: o.Session,
    write: o.Write = None,
    into: o.Into = Path(),
    interval: o.Interval = False,
    optimistic: o.Optimistic = None,
    pessimistic: o.Pessimistic = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Report a session in full: result, risk, round trips, execution; or write it as files."""
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.reporting import report_session

    formats = [name.strip() for name in (write or "").split(",") if name.strip()]
    given = {"optimistic": optimistic, "pessimistic": pessimistic}
    presets = {name: choice for name, choice in given.items() if choice is not None}
    shadows = presets if interval or presets else None
    raise typer.Exit(report_session(shell, session, formats, into, shadows))


@app.command()
def verify(
    ctx: typer.Context,
    session: o.Session,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Replay a session and compare every byte of its records."""
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.looking import verify_session

    raise typer.Exit(verify_session(shell, session))


@app.command()
def why(
    ctx: typer.Context,
    session: o.Session,
    at: o.Moment = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Say, gate by gate, what stood between a session's strategy and a fill at a moment.

    The session is run again up to there. Without --at that is now, or the moment before its end.
    """
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.why import explain_session

    raise typer.Exit(explain_session(shell, session, at))


@app.command()
def recover(
    ctx: typer.Context,
    sessions: o.Sessions = None,
    stop: o.Stop = False,
    resume: o.Resume = False,
    full_speed: o.FullSpeed = False,
    jobs: o.RecoveryJobs = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    data_dir: o.DataDir = None,
) -> None:
    """Take over sessions whose process is gone.

    Each is rebuilt from its journal and compared with it, byte by byte. Running ones go on to their
    end; paused ones stay paused unless --resume is given.
    """
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.recovering import Wanted, recover_sessions

    wanted = Wanted(stop=stop, resume=resume, full_speed=full_speed, jobs=jobs)
    raise typer.Exit(recover_sessions(shell, sessions or [], wanted))


@app.command()
def doctor(
    ctx: typer.Context, json: o.Json = False, quiet: o.Quiet = False, data_dir: o.DataDir = None
) -> None:
    """Look for what could keep offbook from working here."""
    shell = shell_of(ctx, json, quiet, data_dir)
    from offbook.cli.doctor import examine

    raise typer.Exit(examine(shell))


for _command in (orders, fills, positions, journal, export, strategies):
    app.command()(_command)
app.add_typer(config_app)
app.add_typer(data_app)


def run_cli(arguments: Sequence[str]) -> int:
    """Carry a command line out; gives the exit code. Expected errors are told, not raised."""
    lines = "--jsonl" in arguments
    shell = Shell(json=lines or "--json" in arguments, lines=lines)
    with shell.keeping_stdout():
        return _carry_out(arguments, shell)


@cache
def _program() -> Callable[..., object]:
    # Calling the app would work all options out again, which takes longer than most commands.
    return get_command(app)


def _named(arguments: Sequence[str]) -> str:
    """The command that a line names, as far as it names one."""
    words, command = ["offbook"], _program()
    for word in arguments:
        below = getattr(command, "commands", {})
        if word in below:
            words.append(word)
            command = below[word]
    return " ".join(words)


def _carry_out(arguments: Sequence[str], shell: Shell) -> int:
    try:
        code = _program()(
            args=list(arguments), prog_name="offbook", standalone_mode=False, obj=shell
        )
        return code if isinstance(code, int) else 0
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        path = _named(arguments) if context is None else context.command_path
        in_plain_words(error)
        message = error.format_message().strip().replace("Value error, ", "")
        print_error("usage", message, {}, f"see {path} --help", shell)
        return USAGE
    except OffbookError as error:
        return tell(error, shell)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILURE
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"error: the answer could not be written: {error}", file=sys.stderr)
        return FAILURE
