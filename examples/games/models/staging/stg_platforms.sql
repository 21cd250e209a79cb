select
    id as platform_id,
    name as platform_name,
    abbreviation,
    generation
from {{ source('games', 'platforms') }}
