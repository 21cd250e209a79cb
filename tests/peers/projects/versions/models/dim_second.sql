select 1 as id, 'a' as new_name
