{{ config(materialized='view' if var('step') == 1 else 'incremental') }}
select id, note from {{ ref('events') }}
