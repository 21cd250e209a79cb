{{ config(materialized='table', post_hook="insert into {{ this.schema }}.told values ('{{ this.identifier }}')") }} select * from {{ ref('seen') }}
