select id, count(*) as n from {{ ref('all_kinds') }} group by id
