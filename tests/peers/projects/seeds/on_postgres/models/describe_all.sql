-- depends_on: {{ ref('numbers') }} {{ ref('dates') }} {{ ref('bools') }}
select table_name::text as seed, column_name::text as column_name, data_type::text as column_type
from information_schema.columns
where table_schema = 'main_raw' and table_name in ('numbers', 'dates', 'bools')
