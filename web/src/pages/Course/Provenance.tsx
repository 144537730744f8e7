import type { ReactNode } from "react";
import type { Origin, Provenance as Told } from "../../api/types.ts";
import { useGet } from "../../api/useGet.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { placeOf } from "../../ui/place.ts";
import { Failed, Working } from "../../ui/states.tsx";
import type { Cited } from "./messages.ts";
import { useSource } from "./source/SourceScope.tsx";

/** Where an answer comes from: sentence by sentence, passage by passage. `onOpen`: a source is opened beside the answer. */
export default function Provenance({ messageId, cited, onOpen }: {
  messageId: string;
  cited: Cited[];
  onOpen: () => void;
}) {
  const { data, error, mutate } = useGet("/api/messages/{message_id}/provenance", { message_id: messageId });
  if (error) return <Failed error={error} onRetry={() => mutate()} />;
  if (!data) return <Working>{t("state.loading")}</Working>;
  const said = data.sentences.filter((each) => data.model || each.handles.length); // without a model: the quotations
  const passedOver = data.found.filter((each) => !each.cited);
  return (
    <div className="space-y-5">
      <p className="text-dim">{writtenBy(data)}</p>
      <Part title={t("provenance.sentences")}>
        <ol className="space-y-3">
          {said.map((each, at) => (
            <li key={at} className="border-l-4 border-line pl-3">
              <p>{each.text.replace(/\s*\[\d+\]/g, "")}</p>
              <Places handles={each.handles} cited={cited} onOpen={onOpen} />
            </li>
          ))}
        </ol>
      </Part>
      <Part title={t("provenance.passages")}>
        {data.sources.length === 0 && <p className="text-dim">{t("provenance.none")}</p>}
        <ul className="space-y-3">
          {data.sources.map((each) => <Passage key={each.id} origin={each} />)}
        </ul>
      </Part>
      {passedOver.length > 0 && (
        <Folded title={t("provenance.passedOver", { count: passedOver.length })}>
          <ul className="space-y-1">
            {passedOver.map((each) => <li key={each.handle}>{each.where}</li>)}
          </ul>
        </Folded>
      )}
    </div>
  );
}

function writtenBy({ model, promptVersion }: Told): string {
  if (!model) return t("provenance.quoted");
  return promptVersion
    ? t("provenance.written", { model, version: promptVersion })
    : t("provenance.writtenBy", { model });
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="space-y-2">
    <h3>{title}</h3>
    {children}
  </section>
);

const Folded = ({ title, children }: { title: string; children: ReactNode }) => (
  <details className="text-sm text-dim">
    <summary className="inline-flex items-center gap-1">
      <Icon name="right" size={14} />
      {title}
    </summary>
    <div className="mt-2">{children}</div>
  </details>
);

/** The places that a sentence cites; each opens beside the answer. */
function Places({ handles, cited, onOpen }: { handles: number[]; cited: Cited[]; onOpen: () => void }) {
  const { open } = useSource();
  const known = cited.filter((each) => handles.includes(each.handle));
  if (!known.length) return <p className="text-sm text-dim">{t("provenance.noSource")}</p>;
  return (
    <p className="flex flex-wrap gap-x-4 text-sm">
      {known.map((source) => (
        <button
          key={source.id}
          type="button"
          className="link text-left"
          onClick={() => {
            onOpen();
            open(source, cited);
          }}
        >
          {placeOf(source)}
        </button>
      ))}
    </p>
  );
}

function Passage({ origin }: { origin: Origin }) {
  const { readFrom, describedBy } = origin;
  const state = origin.removed ? t("provenance.removed") : origin.changed ? t("provenance.changed") : null;
  return (
    <li className="rounded-xl border border-line p-3 space-y-1">
      <p className="font-medium break-words">{origin.where}</p>
      {state && <p className="text-sm text-bad">{state}</p>}
      {readFrom && readFrom !== "none" && <p className="text-sm text-dim">{t(`provenance.${readFrom}`)}</p>}
      {describedBy && <p className="text-sm text-dim">{t("provenance.described", { model: describedBy })}</p>}
      <Folded title={t("provenance.details")}>
        <Details origin={origin} />
      </Folded>
    </li>
  );
}

function Details({ origin }: { origin: Origin }) {
  const { embeddingSet, embeddingModel, embeddingDims } = origin;
  return (
    <dl className="space-y-2">
      <Row name={t("provenance.file")} value={origin.fileSha256} />
      <Row name={t("provenance.recogniser")} value={origin.heardBy} />
      <Row name={t("provenance.reader")} value={origin.readerVersion} />
      <Row name={t("provenance.prompt")} value={origin.descriptionPrompt} />
      <Row name={t("provenance.chunk")} value={origin.chunkId} />
      <Row name={t("provenance.chunker")} value={origin.chunkerVersion} />
      <Row
        name={t("provenance.set")}
        value={embeddingSet && `${embeddingSet} (${embeddingModel}, ${embeddingDims})`}
      />
      <Row name={t("provenance.found")} value={ranksOf(origin)} />
      <Row name={t("provenance.runs")} value={origin.runs.length > 0 && <Runs runs={origin.runs} />} />
    </dl>
  );
}

const Row = ({ name, value }: { name: string; value: ReactNode }) =>
  value
    ? (
      <div>
        <dt>{name}</dt>
        <dd className="text-ink wrap-anywhere">{value}</dd>
      </div>
    )
    : null;

/** The runs that made a passage; a link where the reader may see Dagster. */
function Runs({ runs }: { runs: Origin["runs"] }) {
  return (
    <ul className="space-y-1">
      {runs.map(({ runId, stages, url }) => (
        <li key={runId}>
          {url
            ? <a className="link" href={url} target="_blank" rel="noreferrer">{runId.slice(0, 8)}</a>
            : <code>{runId.slice(0, 8)}</code>} {stages.join(", ")}
        </li>
      ))}
    </ul>
  );
}

function ranksOf({ rank, denseRank: dense, lexicalRank: lexical }: Origin): string | null {
  if (!rank) return null;
  if (dense && lexical) return t("provenance.ranks", { rank, dense, lexical });
  if (dense) return t("provenance.byMeaning", { rank, dense });
  return lexical ? t("provenance.byWords", { rank, lexical }) : t("provenance.rank", { rank });
}
