"""Speed of this server beside its peers, in one run on one machine; see README.md in here."""
