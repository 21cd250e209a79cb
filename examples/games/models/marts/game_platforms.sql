select
    game_id,
    unnest(platform_ids) as platform_id
from {{ ref('stg_games') }}
