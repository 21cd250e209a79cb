select
    game_id,
    game_name,
    slug,
    rating,
    price,
    is_released,
    year(first_released_at) as released_year,
    len(platform_ids) as platform_count,
    cover_url,
    updated_at
from {{ ref('stg_games') }}
