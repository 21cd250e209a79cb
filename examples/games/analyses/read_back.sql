-- What a reader at the far end of the CDN sees, beside the mart it came from.
select 'published' as side, count(*) as games, count(distinct released_year) as years, round(sum(rating), 2) as ratings
from {{ from_index(var('cdn') ~ '/marts/dim_games') }}
union all
select 'mart', count(*), count(distinct released_year), round(sum(rating), 2)
from {{ ref('dim_games') }}
