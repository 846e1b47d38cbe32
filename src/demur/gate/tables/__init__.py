"""Tables as input: Delta Lake and Iceberg, whose logs say which of the files and rows in a folder are the table's."""
