select
    id as game_id,
    name as game_name,
    slug,
    rating,
    rating_count,
    cast(price as decimal(12, 2)) as price,
    is_released,
    to_timestamp(first_release_date) as first_released_at,
    platforms as platform_ids,
    cover.id as cover_id,
    cover.url as cover_url,
    to_timestamp(updated_at) as updated_at
from {{ source('games', 'games') }}
