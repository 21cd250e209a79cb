{{ config(materialized='ephemeral', event_time='seen') }} select * from {{ ref('events') }}
