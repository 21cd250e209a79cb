-- {schema}: its name as a literal.
select table_schema, table_name, table_type in ('VIEW', 'SYSTEM VIEW') as is_view, table_rows
from information_schema.tables
where table_schema = {schema} and table_type <> 'SEQUENCE'
order by table_name
