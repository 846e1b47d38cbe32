"""The forms of the centre, one module for each page that has one."""
