{{ config(materialized='table') }}
select {{ "error('first')" if var('bad') == 'first' else 1 }} as one
