"""Files of iMRMC, MRMCaov and RJafroc: written from a study, and read for an analysis here."""
