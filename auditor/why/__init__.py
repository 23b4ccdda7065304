"""Why a rule speaks or is silent about a host: what it asked, what it was told and where that stands."""
