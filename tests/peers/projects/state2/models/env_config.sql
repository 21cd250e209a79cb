{{ config(tags=[env_var('STATE2_TAG', 'x')]) }} select 1 as id
