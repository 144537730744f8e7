// A page that asks a course: the one in the address (`?course=ID`), or else the first. The chat's id is in the address
// too, so a reload comes back to the answer being written.
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useChat } from '@ai-sdk/react';
import { DefaultChatTransport } from 'ai';
import Markdown from 'react-markdown';

const get = async path => {
  const response = await fetch(path);
  return response.ok ? response.json() : null;
};
const sourcesOf = message => message.parts.filter(part => part.type === 'source-document');
const known = source => source.providerMetadata?.studybuddy ?? {};

// Makes links of the [1] in words, never of those in code.
const handles = () => function split(node) {
  node.children = node.children?.flatMap(child => child.type !== 'text' ? [child] : child.value.split(/(\[\d+\])/).filter(Boolean)
    .map(value => /^\[\d+\]$/.test(value) ? { type: 'link', url: `#${value}`, children: [{ type: 'text', value }] } : { type: 'text', value }));
  node.children?.filter(child => child.type !== 'link').forEach(split);
};

// Markdown with its [1] as buttons. HTML in it is shown as text, and nothing is loaded from elsewhere.
function Words({ text, sources, onOpen }) {
  const a = ({ href, children }) => {
    const source = sources.find(each => `#[${known(each).handle}]` === decodeURI(href ?? ''));
    if (source) return <button className="cite" onClick={() => onOpen(source)}>{children}</button>;
    return href?.startsWith('#') ? <>{children}</> : <a href={href} target="_blank" rel="noreferrer">{children}</a>;
  };
  return <Markdown remarkPlugins={[handles]} components={{ a, img: ({ alt }) => alt }}>{text}</Markdown>;
}

function Message({ message, onOpen }) {
  const sources = sourcesOf(message);
  return (
    <article className={message.role} data-id={message.id}>
      {message.parts.map((part, at) => {
        if (part.type === 'text' && message.role === 'user') return <p key={at}>{part.text}</p>;
        if (part.type === 'text') return <Words key={at} text={part.text} sources={sources} onOpen={onOpen} />;
        if (part.type === 'reasoning') return <p key={at} className="aside">{part.text}</p>;
        if (part.type.startsWith('tool-')) return <p key={at} className="aside">Searched: {part.input?.query ?? '…'} {part.errorText}</p>;
        return null;
      })}
      {sources.length > 0 && (
        <ol>{sources.map(source => (
          <li key={source.sourceId}>
            <button className="cite" onClick={() => onOpen(source)}>[{known(source).handle}]</button> {source.title}
            {known(source).changed && <em>{known(source).removed ? ' (removed)' : ' (changed since)'}</em>}
          </li>
        ))}</ol>
      )}
    </article>
  );
}

// What a citation opens: the slide's picture, or the recording at its minute, above the words as they were.
function Card({ card }) {
  return (
    <aside id="card">
      <h2>{card.where}</h2>
      {card.changed && <p><em>The source has changed since this answer was written.</em></p>}
      {card.imageUrl && <img src={card.imageUrl} alt={card.where} />}
      {card.mediaUrl && <audio controls src={card.mediaUrl} />}
      <blockquote>{card.quote}</blockquote>
    </aside>
  );
}

function Chat({ id, course, history }) {
  const [words, setWords] = useState('');
  const [card, setCard] = useState(null);
  const { messages, setMessages, sendMessage, regenerate, status, error } = useChat({
    id,
    messages: history,
    resume: true,
    transport: new DefaultChatTransport({ api: '/api/chat', body: { courseId: course.id } }),
  });
  const busy = status === 'submitted' || status === 'streaming';
  useEffect(() => {
    // An answer that ended between loading the history and resuming is in the history by now.
    if (status === 'ready' && messages.at(-1)?.role === 'user')
      get(`/api/sessions/${id}/messages`).then(found => found && setMessages(found.items));
  }, [status]);
  const open = async source => setCard(await get(`/api/sources/${source.sourceId}`));
  const stop = () => fetch(`/api/chat/${id}/stop`, { method: 'POST' });
  let problem = error?.message;
  try { problem = JSON.parse(problem).error.message; } catch { /* not one of the service's own */ }
  return (
    <main data-status={status}>
      <h1>{course.name}</h1>
      {messages.map(message => <Message key={message.id} message={message} onOpen={open} />)}
      {problem && <p role="alert">{problem} <button onClick={() => regenerate()}>Try again</button></p>}
      <form onSubmit={event => { event.preventDefault(); sendMessage({ text: words }); setWords(''); }}>
        <input value={words} onChange={event => setWords(event.target.value)} placeholder="Ask about the course" />
        {busy ? <button type="button" id="stop" onClick={stop}>Stop</button> : <button disabled={!words.trim()}>Ask</button>}
      </form>
      {card && <Card card={card} />}
    </main>
  );
}

const id = location.hash.slice(1) || crypto.randomUUID();
location.hash = id;
const [courses, found] = await Promise.all([get('/api/courses'), get(`/api/sessions/${id}/messages`)]);
const root = createRoot(document.getElementById('root'));
const wanted = new URLSearchParams(location.search).get('course');
const course = courses?.items.find(each => each.id === wanted) ?? courses?.items[0];
root.render(course ? <Chat id={id} course={course} history={found?.items ?? []} /> : <p>There is no course yet: run `studybuddy demo`.</p>);
