"""What a user gives, made into what offbook needs: settings, market descriptions, configurations.

Everything that can be found wrong before a session exists is found here, with words that say what
to add or change.
"""
