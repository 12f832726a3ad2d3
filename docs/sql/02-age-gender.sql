-- Dashboard 2: views by age group and gender, stacked bars.
-- Replace PROJECT by your project's name (and real_time_analytics by your dataset's) before you run it.
CREATE OR REPLACE VIEW `PROJECT.real_time_analytics.dashboard_age_gender` AS
SELECT
  age_group,
  gender,
  view_count,
  date,
  hour,
  min,
  CAST(hour AS INT64) AS hour_of_day,
  CAST(min AS INT64) AS minute_of_hour,
  window_end
FROM `PROJECT.real_time_analytics.viewsByGenderAgeGroup`;
