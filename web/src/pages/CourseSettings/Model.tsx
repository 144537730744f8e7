import { send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import type { Course } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { Field } from "../../ui/Field.tsx";
import { Failed, Loading } from "../../ui/states.tsx";
import { Settled } from "./Settled.tsx";

/** The model that answers members who pay for themselves and chose none. */
export function Model({ course }: { course: Course }) {
  const { data, error, mutate } = useGet("/api/models", { courseId: course.id });
  if (!data) return error ? <Failed error={error} onRetry={() => mutate()} /> : <Loading rows={1} />;
  const save = async (said: FormData) => {
    const model = String(said.get("model")).trim() || null;
    await send("put", "/api/courses/{course_id}/model", { course_id: course.id }, { model });
    await mutate();
  };
  return (
    <Settled title={t("settled.model")} text={t("settled.modelText")} onSave={save}>
      <Field
        label={t("settled.modelName")}
        name="model"
        list="models"
        placeholder={t("settled.noModel")}
        defaultValue={data.courseDefault ?? ""}
      />
      <datalist id="models">
        {data.items.map((each) => <option key={each.id} value={each.id}>{each.name}</option>)}
      </datalist>
    </Settled>
  );
}
