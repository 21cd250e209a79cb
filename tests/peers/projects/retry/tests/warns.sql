{{ config(severity='warn') }} select 1 as one where {{ "true" if var('bad') == 'warn' else "false" }}
