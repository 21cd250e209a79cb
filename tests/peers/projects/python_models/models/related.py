

# blank lines and a comment come first
def model(dbt, session):
    return dbt.ref("numbers").project("id, square, upper(name) as name, is_even, part, day")
