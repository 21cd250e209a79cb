with recursive t(n) as (
    select min(id) from {{ ref('first') }}
    union all
    select n + 1 from t where n < 5
)
select n from t
