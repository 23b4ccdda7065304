"""Rules for mailaudit that hold in this house; each module of the package holds one."""
