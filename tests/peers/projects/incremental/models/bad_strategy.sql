{{ config(incremental_strategy='sideways' if var('bad') else 'append') }}
select 1 as id
