-- Dashboard 3: views by country, a map that a maturity rating filters.
-- Replace PROJECT by your project's name (and real_time_analytics by your dataset's) before you run it.
CREATE OR REPLACE VIEW `PROJECT.real_time_analytics.dashboard_country_rating` AS
SELECT
  country,
  maturity_rating,
  view_count,
  date,
  hour,
  min,
  CAST(hour AS INT64) AS hour_of_day,
  CAST(min AS INT64) AS minute_of_hour,
  window_end
FROM `PROJECT.real_time_analytics.viewsByLocationMR`;
