"""Series of one sector: growth, shares, revisions, definitions of sectors, the paper's claims."""
