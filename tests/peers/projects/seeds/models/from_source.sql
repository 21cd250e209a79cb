-- depends_on: {{ ref('plain') }}
select count(*) as people, max(big) as big from {{ source('raw', 'people') }}
