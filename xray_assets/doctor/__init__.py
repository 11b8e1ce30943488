"""Is this machine fit to run the project? `checkup.examine` finds out and changes nothing."""
