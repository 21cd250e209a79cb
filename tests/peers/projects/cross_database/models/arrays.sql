select
  {{ dbt.array_construct(['1', '2']) }} as a,
  {{ dbt.array_construct() }} as e,
  {{ dbt.array_append(dbt.array_construct(['1', '2']), '3') }} as b,
  {{ dbt.array_concat(dbt.array_construct(['1']), dbt.array_construct(['2'])) }} as c
