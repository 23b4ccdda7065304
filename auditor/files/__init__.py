"""Files that configurations name: certificates, CRLs, keys, user databases, lookup tables, and who may read them."""
