select count(*) as versions, count(distinct id) as people from {{ ref('by_time') }}
