"""The servers that are measured, one file each; each is started here, on this machine, by us."""
