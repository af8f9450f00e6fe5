"""Worker processes: started by spawning, with one pipe each."""
