with f as (
    select * from {{ ref('first') }}
)
select id * 10 as id, v from f -- trailing comment
