select 1 where (select count(*) from {{ ref('stg_a') }}) > (select count(*) + 5 from {{ ref('mid_b') }})
