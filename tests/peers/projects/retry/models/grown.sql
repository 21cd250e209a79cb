{{ config(materialized='incremental') }}
select {{ "error('grown')" if var('bad') == 'grown' else 1 }} as one
