{{ config(materialized='ephemeral') }} select id, v from {{ ref('stg') }}
