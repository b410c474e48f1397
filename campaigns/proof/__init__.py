"""The proof bundle: why one person was, or was not, called, for somebody who has no AgentOS."""
