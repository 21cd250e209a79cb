select
    p.platform_id,
    p.platform_name,
    count(*) as games,
    round(avg(g.rating), 2) as mean_rating
from {{ ref('game_platforms') }} as gp
join {{ ref('dim_games') }} as g using (game_id)
join {{ ref('stg_platforms') }} as p using (platform_id)
group by all
