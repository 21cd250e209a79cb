select 'numbers' as seed, column_name, column_type
from (describe select * from {{ ref('numbers') }})
union all
select 'dates', column_name, column_type from (describe select * from {{ ref('dates') }})
union all
select 'bools', column_name, column_type from (describe select * from {{ ref('bools') }})
