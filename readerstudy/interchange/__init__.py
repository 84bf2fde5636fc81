"""Files of iMRMC, MRMCaov and RJafroc."""
