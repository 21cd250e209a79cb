with rows as (select 1 as g, 'b' as v, true as f union all select 1, 'a', false union all select 2, 'c', false)
select g,
  {{ dbt.any_value('g') }} as a,
  {{ dbt.bool_or('f') }} as b,
  {{ dbt.listagg('v', "','", "order by v") }} as l,
  {{ dbt.listagg(measure='v', delimiter_text="'-'", order_by_clause="order by v desc", limit_num=1) }} as l2,
  {{ dbt.listagg('v') }} is not null as l3
from rows group by g
