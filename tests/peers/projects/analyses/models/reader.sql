-- depends_on: {{ ref('plain') }}
select q."Mixed Case", p.s from {{ ref('quoted') }} as q, {{ source('odd source', 'the table') }} p, {{ source('plain_src', 't') }}
