-- {schema}, {table}: their names as literals, said of every table: the server then opens this one alone. The place in
-- the primary key counts from 1, NULL: no part of it.
select c.column_name, c.data_type, c.column_type, c.is_nullable = 'NO' as is_required, c.extra,
       s.seq_in_index as key_place, t.engine, t.table_rows
from information_schema.columns c
join information_schema.tables t on t.table_schema = {schema} and t.table_name = {table}
left join information_schema.statistics s
    on s.table_schema = {schema} and s.table_name = {table} and s.index_name = 'PRIMARY'
    and s.column_name = c.column_name
where c.table_schema = {schema} and c.table_name = {table}
order by c.ordinal_position
