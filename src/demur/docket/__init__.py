"""The docket: the tables of cases, the services that write them and the selectors that read them."""
